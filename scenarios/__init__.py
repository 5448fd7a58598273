"""The law as text: a scenario says, rule by rule, who may do what on a list, and every decision names the rule that spoke."""
