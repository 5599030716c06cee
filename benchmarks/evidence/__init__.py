"""What the models reach on published data, each figure beside the bound that it must keep."""
