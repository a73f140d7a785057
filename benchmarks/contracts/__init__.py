"""Contracts on their own: ``hanse contract test`` beside limits and the tools that people use today."""
