from deployer.promotions.models.approval import Approval
from deployer.promotions.models.hold import Hold
from deployer.promotions.models.override import PromotionOverride
from deployer.promotions.models.pin import Pin
from deployer.promotions.models.promotion import Promotion, PromotionKind
from deployer.promotions.models.stall import Stall
from deployer.promotions.models.step import LogChunk, Measurement, Step, StepKind
from deployer.promotions.models.veto import Veto

__all__ = [
    "Approval",
    "Hold",
    "LogChunk",
    "Measurement",
    "Pin",
    "Promotion",
    "PromotionKind",
    "PromotionOverride",
    "Stall",
    "Step",
    "StepKind",
    "Veto",
]
