#pragma once

typedef enum {
  onednn_identity,
  onednn_relu,  ///< with the slope of the negative side
  onednn_tanh,
  onednn_logistic,
} onednn_activation;
