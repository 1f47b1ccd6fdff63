# SPDX-License-Identifier: GPL-2.0
"""The kernels that make bench compares can be configured, each model's from its own tree."""
import measure_plan

EVERY_ARCH = True


def check(bench):
    """Configure them; a Trouble names the option that cannot be had."""
    names = sorted({(model.kernel.where.variant, model.kernel.config)
                    for group in measure_plan.groups(str(bench.build), bench.version)
                    if group.arch.name == bench.arch["name"] for model in group.models})
    for variant, config in names:
        # not in the folder of a kernel that is built, which would have to be built again
        bench.kernel(config, variant, name=f"{config}-configured").configured()
    return f"{len(names)} kernels"
