"""Exact points: the solution of Problem (2) at a pattern, the best multipliers of a network.

`pattern_limit` is the entry: `restricted` is the convex problem, `interior_point` solves it,
`active_set` finishes with Newton. `coupled_squares` finds multipliers; both meet in `arrowhead`.
"""
