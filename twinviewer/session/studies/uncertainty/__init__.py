"""How sure a simulation is: hearts that could be this patient's, each in every scenario, and what they say together."""
