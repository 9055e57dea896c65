"""The admin pages of materials: importing this package registers them."""

from materials.admin import materials as materials
from materials.admin import uploads as uploads
