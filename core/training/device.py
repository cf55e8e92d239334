"""Which device and which number format this machine computes best with."""

import logging
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import LabError
from core.training import distributed

LOG = logging.getLogger(__name__)
# Steps of a whole training from which compiling it on a CPU pays. In bfloat16, by AMX, it takes minutes once and then
# saves 19% of each step of two threads; in float32, on Intel's AVX-512, half a minute and 11 to 14% (docs/speed.md);
# both grow with the network.
PAYS_FROM = 12_000
TENSOR_CORES = (7, 0)  # the compute capability of the first GPUs that have them


def best_device() -> torch.device:
    """A GPU where there is one, CUDA's before Apple's; else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    # Several processes could not exchange gradients on MPS.
    if torch.backends.mps.is_available() and distributed.world_size() == 1 and learns_right("mps"):
        return torch.device("mps")
    return torch.device("cpu")


@cache
def learns_right(device: str) -> bool:
    """One backward pass through BatchNorm, channels last, against the CPU's: some versions of PyTorch have computed it
    wrongly on Apple's GPUs, others not at all (pytorch/pytorch#175189, #188371)."""
    try:
        right = torch.allclose(_batch_norm_gradients("cpu"), _batch_norm_gradients(device), rtol=0.01, atol=0.01)
    except RuntimeError:
        right = False
    if not right:
        LOG.warning("PyTorch %s computes wrongly on this GPU (%s), so the CPU is used.", torch.__version__, device)
    return right


def _batch_norm_gradients(device: str) -> Tensor:
    images = torch.randn(4, 8, 16, 16, generator=torch.Generator().manual_seed(0)).to(device)
    norm, seen = nn.BatchNorm2d(8).to(device), images.to(memory_format=torch.channels_last).requires_grad_()
    norm(seen).pow(3).sum().backward()
    return torch.cat([gradient.flatten().cpu() for gradient in (seen.grad, norm.weight.grad) if gradient is not None])


@cache
def best_precision(device_type: str) -> str:
    """ "bfloat16" (autocast) where the device is faster with it and computes right; "float16" on older GPUs with tensor
    cores; else "float32"."""
    if device_type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16"
        return "float16" if torch.cuda.get_device_capability() >= TENSOR_CORES else "float32"
    fit = device_type == "cpu" and _cpu_gains_by_bfloat16() and _bfloat16_computes_right()
    return "float32" if distributed.any_rank(not fit) else "bfloat16"


def _cpu_gains_by_bfloat16() -> bool:
    """By its flags. AMD's AVX-512 is faster in bfloat16 than in float32. Intel's needs AMX for that, which some virtual
    machines hide: without, it is slower (docs/speed.md)."""
    flags = _cpu_info("flags").split()
    fast = "amx_bf16" in flags or ("avx512_bf16" in flags and _cpu_info("vendor_id") == "AuthenticAMD")
    return fast and "AVX512" in torch.backends.cpu.get_cpu_capability()


def _bfloat16_computes_right() -> bool:
    """One convolution both ways: some builds have computed it wrongly."""
    own = torch.Generator().manual_seed(0)  # the process's may just now make a network from its seed
    x = torch.randn(4, 64, 32, 32, generator=own).to(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 3, 3, generator=own).to(memory_format=torch.channels_last)
    with torch.no_grad():
        exact = nn.functional.conv2d(x, weight, padding=1)
        rounded = nn.functional.conv2d(x.bfloat16(), weight.bfloat16(), padding=1).float()
    return bool((exact - rounded).norm() / exact.norm() < 0.02)


def require_compiler() -> None:
    """Raises LabError where torch.compile doesn't work for the device that trains (no C++ compiler, as a rule)."""
    try:
        torch.compile(torch.relu)(torch.zeros(2, device=best_device()))
    except Exception as error:  # whatever the compiler's many parts raise
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise LabError(f"--compile doesn't work on this machine ({reason}); train without it.") from None


def compiler_works() -> bool:
    """Whether `require_compiler` would pass; takes some seconds the first time."""
    try:
        require_compiler()
    except LabError:
        return False
    return True


def compiling_pays(steps: int, device: torch.device, precision: str) -> bool:
    """Whether a training of so many `steps` is sooner done by torch.compile, and that works here. One thread gains
    nothing by it; GPUs and several processes were not measured."""
    measured = device.type == "cpu" and torch.get_num_threads() > 1 and distributed.world_size() == 1
    return measured and _cpu_gains_by_compiling(precision) and steps >= PAYS_FROM and compiler_works()


def _cpu_gains_by_compiling(precision: str) -> bool:
    """As measured (docs/speed.md): with AVX-512, bfloat16 gains by AMX, float32 on Intel's. Without AMX bfloat16 gains
    nothing for sure, on AMD's CPUs, or loses, on Intel's; nor do AMD's in float32."""
    amx, intel = "amx_bf16" in _cpu_info("flags").split(), _cpu_info("vendor_id") == "GenuineIntel"
    return (amx if precision == "bfloat16" else intel) and "AVX512" in torch.backends.cpu.get_cpu_capability()


def describe_environment(device: torch.device, precision: str, compiled: bool) -> dict:
    """What a figure measured here depends on, as JSON values."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "cpu": _cpu_name(),
        **distributed.layout(),
        "threads": torch.get_num_threads(),
        "precision": precision,
        "compiled": compiled,
    }


def _cpu_name() -> str:
    return _cpu_info("model name") or platform.processor() or platform.machine()


def _cpu_info(field: str) -> str:
    """Of the first core, as Linux tells it; elsewhere empty."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == field), "")
