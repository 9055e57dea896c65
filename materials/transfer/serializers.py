"""JSON shapes of imports."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.entries.serializers import EntryOptionsSerializer
from materials.models import ImportItem, ItemKind, ItemOutcome, MaterialImport
from materials.transfer.queries import count_import_items
from project.http.serializers import KnownChoiceField, ListQuerySerializer


class ImportOptionsSerializer(EntryOptionsSerializer):
    """Query parameters of an import. Language, captions and priority hold for each of its files."""

    unwrap = serializers.BooleanField(
        required=False,
        default=True,
        help_text="`false` makes a node also of a single top folder that holds everything else.",
    )


class ImportCountsSerializer(serializers.Serializer[Any]):
    """What became of the files of an import."""

    taken = serializers.IntegerField(help_text="Became entries.")
    same = serializers.IntegerField(help_text="Were in their node already.")
    skipped = serializers.IntegerField(help_text="Were not taken.")
    waiting = serializers.IntegerField(help_text="Have not been looked at yet.")


class ImportSerializer(serializers.ModelSerializer[MaterialImport]):
    """An import and what became of its files in all. Each of them is read at `/imports/{id}/items`.

    `package` names the form of the course package that it was, such as `Common Cartridge 1.1.0`; blank for other
    archives.
    """

    node = serializers.UUIDField(source="node_id", read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)
    nodes = serializers.SerializerMethodField(help_text="How many nodes were made.")
    files = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField(help_text="How many files were not taken, by the reason's code.")

    class Meta:
        model = MaterialImport
        fields = (
            "id",
            "node",
            "job",
            "name",
            "size_bytes",
            "has_manifest",
            "package",
            "warnings",
            "nodes",
            "files",
            "reasons",
            "created_at",
        )
        read_only_fields = fields

    def get_nodes(self, batch: MaterialImport) -> int:
        nodes: int = self._counts["nodes"]
        return nodes

    @extend_schema_field(ImportCountsSerializer)
    def get_files(self, batch: MaterialImport) -> dict[str, int]:
        files: dict[str, int] = self._counts["files"]
        return files

    def get_reasons(self, batch: MaterialImport) -> dict[str, int]:
        reasons: dict[str, int] = self._counts["reasons"]
        return reasons

    def to_representation(self, instance: MaterialImport) -> dict[str, Any]:
        # Once for the three fields that show them.
        self._counts = count_import_items(tenant=instance.tenant, batch=instance)
        representation: dict[str, Any] = super().to_representation(instance)
        return representation


class ImportItemSerializer(serializers.ModelSerializer[ImportItem]):
    """One file or folder of an import.

    `entry` or `node` is what it became, or for the outcome `same` what was there; it may have been deleted since.
    `files` is how many files stand behind it: more than one for a folder that was not looked into.
    """

    entry = serializers.SerializerMethodField()
    node = serializers.SerializerMethodField()
    is_folder = serializers.SerializerMethodField()
    files = serializers.IntegerField(source="count", read_only=True)

    class Meta:
        model = ImportItem
        fields = ("position", "path", "is_folder", "outcome", "entry", "node", "size_bytes", "files", "code", "reason")
        read_only_fields = fields

    def get_is_folder(self, item: ImportItem) -> bool:
        return item.kind == ItemKind.FOLDER

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_entry(self, item: ImportItem) -> Any:
        return self._get_target_id(item, ItemKind.FILE)

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_node(self, item: ImportItem) -> Any:
        return self._get_target_id(item, ItemKind.FOLDER)

    def _get_target_id(self, item: ImportItem, kind: ItemKind) -> Any:
        settled = item.outcome in {ItemOutcome.TAKEN, ItemOutcome.SAME}
        return item.target if settled and item.kind == kind else None


class ImportItemListSerializer(ListQuerySerializer):
    """Which items to list."""

    outcome = KnownChoiceField(choices=ItemOutcome.choices, required=False)
    is_folder = serializers.BooleanField(required=False, allow_null=True, default=None)
    code = serializers.CharField(max_length=50, required=False)
