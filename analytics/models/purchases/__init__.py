"""Models of buying without a contract: how often a customer comes, whether they still do, and for how much.

`bg_nbd` (BG/NBD and MBG/NBD) and `pareto_nbd` hold the formulas, `gamma_gamma` that of the value of a visit;
`fit` estimates and chooses, `counts` and `spending` turn a fit into distributions, `holdout` asks the past
for evidence.
"""
