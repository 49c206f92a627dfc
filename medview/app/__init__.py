"""The application without a screen: workspace, loading, tools, commands, hanging and settings."""
