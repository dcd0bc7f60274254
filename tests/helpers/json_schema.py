"""Checks JSON against one definition of a JSON schema: json_schema.py SCHEMA DEFINITION [list|lines] <JSON.
Knows the words that the schema of the tools uses. Prints what is wrong and ends with 1 then.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import sys

TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
WORDS = {"type", "properties", "required", "items", "enum", "const", "$ref", "additionalProperties"}
with open(sys.argv[1], encoding="utf-8") as file:
    definitions = json.load(file)["$defs"]


def check(value, schema, where):
    assert set(schema) <= WORDS, f"{where}: the schema uses {set(schema) - WORDS}"
    if "$ref" in schema:
        check(value, definitions[schema["$ref"].removeprefix("#/$defs/")], where)
    if "const" in schema:
        assert value == schema["const"], f"{where}: {value!r}, not {schema['const']!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r} is none of {schema['enum']}"
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(TYPES[name](value) for name in types), f"{where}: {value!r} is no {types}"
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            check(item, schema["items"], f"{where}[{number}]")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{where}.{name} is missing"
        for name, item in value.items():
            if name in schema.get("properties", {}):
                check(item, schema["properties"][name], f"{where}.{name}")
            elif "additionalProperties" in schema:
                check(item, schema["additionalProperties"], f"{where}.{name}")
            else:
                # a member that the schema does not have would not be documented
                assert "properties" not in schema, f"{where}.{name} is not in the schema"


form = sys.argv[3] if len(sys.argv) > 3 else ""
text = sys.stdin.read()
documents = [json.loads(line) for line in text.splitlines()] if form == "lines" else [json.loads(text)]
if form == "list":
    documents = documents[0]
try:
    assert documents, "no document"
    for document in documents:
        check(document, definitions[sys.argv[2]], sys.argv[2])
except AssertionError as problem:
    sys.exit(str(problem))
