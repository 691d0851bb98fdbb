"""The hospitals' side of the pilot."""

from flwr.clientapp import ClientApp

app = ClientApp()


@app.train()
def train(message, context):
    return message, context
