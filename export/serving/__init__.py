"""TF Serving: what stands beside a served model, and clients without TensorFlow and Keras.

`rest.RestClient` and `rpc.GrpcClient` are for programs that send requests; `warmup` and `beside`
write what a server finds.
"""
