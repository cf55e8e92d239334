"""The lab without a screen: networks, training, evaluation. Knows nothing of Streamlit."""
