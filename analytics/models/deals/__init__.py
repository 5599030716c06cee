"""What is to be expected of open deals, and of the accounts behind them."""
