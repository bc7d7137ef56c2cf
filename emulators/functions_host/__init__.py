"""A local Azure Functions host: runs a `function_app.py` on azure-functions-runtime, the library Azure itself runs."""
