"""What comes in next: candidates, their backtest, their mean and its intervals.

`revenue_forecast.forecast_revenue` is what notebooks call. A candidate (`candidates`) forecasts one series
from several ends at once, so that its backtest costs little more than one forecast: the recursions of
exponential smoothing, Theta and ARIMA run over all ends, forms and trial parameters in one array.
"""
