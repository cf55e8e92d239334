"""The files in a run's folder, but for the status of its training (`status`) and what studies add (`core.analysis`)."""

CONFIG_FILE = "config.json"
HISTORY_FILE = "history.csv"  # a row an epoch; may be missing, like the three below
GRADIENTS_FILE = "gradients.npz"  # how long each layer's gradient was, by epoch
CHANGE_FILE = "weight_change.npz"  # how far each layer moved, and the first filters before and after
VALIDATION_FILE = "validation.npz"  # what `core.runs.validation` keeps
RESULT_FILE = "test_logits.npz"  # is written last: a run that has it is finished
MODEL_FILE = "model.safetensors"
STATE_FILE = "resume.safetensors"  # from which a training goes on
CARD_FILE = "README.md"
