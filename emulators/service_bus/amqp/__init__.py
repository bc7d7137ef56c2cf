"""AMQP 1.0 itself: values, frames and performatives as bytes. It knows nothing of queues."""
