"""The figures of two networks as a table, and below it, folded away, what each of them means."""

import pandas as pd
import streamlit as st


def show(columns: dict[str, dict[str, str]], meanings: dict[str, str]) -> None:
    """`columns`: {heading: {measure: figure}}; `meanings`: {measure: what it is, for a lay reader}."""
    st.table(pd.DataFrame(columns))
    with st.expander("What these figures mean", icon=":material/help:"):
        measures: dict[str, list[str]] = {}  # those of one meaning share a line
        for measure, meaning in meanings.items():
            measures.setdefault(meaning, []).append(f"**{measure}**")
        st.markdown("\n".join(f"- {', '.join(names)}: {meaning}" for meaning, names in measures.items()))
