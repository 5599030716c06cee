"""Sliders beside a chart, for JupyterLab: an assumption is moved and the chart answers at once."""
