"""What is done about a figure: findings, tasks, inspections, initiatives, documents, targets."""
