"""Run reports in processes forked from one that has done the imports (Linux).

Half of a report's time is spent on importing the same libraries, and a good part of the rest on the sockets
and threads between a kernel and who drives it. Here a *parent* (`parent`) builds ipykernel's own kernel
once and imports what the notebooks import. Each report is a *child* (`child`): a copy of the parent with a
folder, an environment and a memory limit of its own, driven over one socket (`wire`). `client` starts
parents and asks them for children; `engine` is the Papermill engine. The notebooks stay ordinary, and so do
displays, tracebacks and magics: they are ipykernel's, and what becomes of messages is nbclient's own code.

There is one parent for each worker of the batch, not one for all. It then has one child at a time, so that it
needs neither threads nor an event loop; it ends with its worker, on whatever machine that is; and when it
dies it takes one report along. The imports are done once all the same: the workers of one machine have their
parents forked from an *ancestor* (`ancestor`), which the run starts before it looks at the data.
"""
