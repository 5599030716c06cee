"""Controls beside a picture, in JupyterLab: an assumption moves or a choice is made, the picture answers."""
