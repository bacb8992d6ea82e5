"""Where applications run."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps_registry.models.fields import slug_validator


class Environment(models.Model):
    """A stop on the way to production. Its row lock is what admission is decided under."""

    slug = models.CharField(max_length=50, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=50)
    position = models.PositiveSmallIntegerField(unique=True, help_text="Releases go from low to high.")
    capacity = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1)], help_text="How many promotions may run in it at once."
    )
    is_production = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [models.CheckConstraint(condition=Q(capacity__gte=1), name="capacity_is_positive")]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"/environments/{self.slug}/"
