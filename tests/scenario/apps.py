"""A Functions host in a process of its own, with workers: what belongs to the host process (its death, cold starts)
needs real ones. Used through a proxy:

    app = apps.start(folder, settings, functions, env)
    number = app.worker()
    app.invoke(number, "hello")
"""
import multiprocessing
import multiprocessing.managers
import os

from host import Host


class App:
    def __init__(self, folder, settings, functions, command, worker_path, env):
        os.makedirs(folder, exist_ok=True)
        self.host = Host(folder, settings=settings)
        self.functions, self.command, self.worker_path, self.env = functions, command, worker_path, env
        self.workers = []

    def worker(self, new_group=False):
        """Starts one more, ready for invocations; its number."""
        worker = self.host.start(self.command, self.worker_path, env=self.env, start_new_session=new_group)
        worker.ready(self.functions)
        self.workers.append(worker)
        return len(self.workers) - 1

    def pid(self, number):
        return self.workers[number].pid

    def invoke(self, number, function, data=None, **more):
        return self.workers[number].invoke(function, data, **more)

    def invoke_many(self, number, function, count, concurrency=1, **more):
        return [r.status for r in self.workers[number].invoke_many(function, count, concurrency, **more)]

    def ids(self, number, function, count, concurrency=1):
        return [r.invocation_id for r in self.workers[number].invoke_many(function, count, concurrency)]

    def terminate(self, number):
        return self.workers[number].terminate()

    def wait(self, number):
        return self.workers[number].wait()

    def close(self):
        self.host.close()


class Manager(multiprocessing.managers.BaseManager):
    pass


Manager.register("App", App)


def start(*args):
    """(manager, proxy of an App). The manager's process is the host; manager.shutdown() ends it."""
    manager = Manager(ctx=multiprocessing.get_context("spawn"))
    manager.start()
    return manager, manager.App(*args)


def host_pid(manager):
    return manager._process.pid
