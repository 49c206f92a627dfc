"""How exact every measuring tool is, against shapes that are known in millimetres of the patient: ``python -m tests.tolerances``."""
