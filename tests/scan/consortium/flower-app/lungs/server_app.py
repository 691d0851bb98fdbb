"""The server's side of the pilot."""

from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

app = ServerApp()


@app.main()
def main(grid, context):
    strategy = FedAvg(fraction_train=1.0)
    strategy.start(grid=grid, initial_arrays=None, num_rounds=context.run_config["num-server-rounds"])
