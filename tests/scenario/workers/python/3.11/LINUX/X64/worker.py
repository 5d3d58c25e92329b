stands for the worker's own file
