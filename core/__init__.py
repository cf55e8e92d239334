"""The lab without a screen: networks, training, evaluation. Knows nothing of Streamlit.

Places                        paths
What is asked of a training   config, experiments, schedules
Images                        cifar10, gallery, image_files, images, distortions; data (batches for training)
Networks                      models/
Training                      training, session (with a folder), parallel, hardware, event_log
Answers and their figures     evaluation, metrics, classifier, familiarity
Where a network looks         explain, occlusion, trust, keepsake
What helps it to learn        gradients, lesions, surgery
Runs, trained networks        runs, status, files, card, exchange
Runs compared                 outcome, comparison, degradation, transfer, speed (what they cost)
Charts and colours            charts, palette
Trainings in the background   jobs, queue, processes, cost; to watch: race, racing
Command line                  train, sweep, evaluate, predict, report, export, add_run, ship, convert_weights; cli
What users are told           errors
"""
