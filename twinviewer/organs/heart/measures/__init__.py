"""What the labels of a heart tell besides volumes: valve rings, vessels, the wall's shape, fat."""
