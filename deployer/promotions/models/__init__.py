from deployer.promotions.models.hold import Hold
from deployer.promotions.models.override import PromotionOverride
from deployer.promotions.models.promotion import Promotion, PromotionKind
from deployer.promotions.models.step import LogChunk, Measurement, Step, StepKind

__all__ = ["Hold", "LogChunk", "Measurement", "Promotion", "PromotionKind", "PromotionOverride", "Step", "StepKind"]
