"""A class votes on phones, against two networks: a teacher's screen, and a pupil's."""

from pathlib import Path

import streamlit as st

from ui.classroom import class_doors, class_link, class_pupil, class_teacher

st.html(Path(class_doors.__file__).parent / "classroom.css")
room = class_link.resume()
token = class_link.teachers_token(room) if room and class_link.as_teacher() else None
if room and token:
    class_teacher.show(room, token)
elif room and not class_link.as_teacher():
    class_pupil.show(room)
else:
    class_doors.show()
