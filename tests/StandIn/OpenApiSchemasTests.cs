using System.Text.Json.Nodes;

namespace Ci.Tests.StandIn;

/// <summary>The checker can say no, and says where.</summary>
public sealed class JsonSchemaTests
{
    private static readonly JsonObject Document = JsonNode.Parse("""
        {
          "components": { "schemas": {
            "user": { "type": "object", "properties": { "login": { "type": "string" } }, "required": ["login"] },
            "build": {
              "type": "object",
              "required": ["id"],
              "properties": {
                "id": { "type": "integer" },
                "state": { "type": "string", "enum": ["open", "closed"] },
                "ratio": { "type": "number" },
                "draft": { "type": "boolean" },
                "closed_at": { "type": "string", "format": "date-time", "nullable": true },
                "url": { "type": "string", "format": "uri" },
                "note": { "type": "string", "maxLength": 3 },
                "user": { "$ref": "#/components/schemas/user" },
                "users": { "type": "array", "items": { "$ref": "#/components/schemas/user" }, "maxItems": 2 },
                "counts": { "type": "object", "additionalProperties": { "type": "integer" } },
                "closed": { "type": "object", "properties": { "a": { "type": "integer" } }, "additionalProperties": false },
                "either": { "oneOf": [{ "type": "string" }, { "type": "integer" }, { "type": "number" }] },
                "any": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
                "all": { "allOf": [{ "$ref": "#/components/schemas/user" }, { "type": "object", "required": ["id"] }] }
              }
            }
          } }
        }
        """)!.AsObject();

    [Theory]
    [InlineData("""{ "id": 1 }""")]
    [InlineData("""{ "id": 1.0, "ratio": 0.5, "draft": false, "something": "that nobody described" }""")]
    [InlineData("""{ "id": 1, "state": "open", "closed_at": null, "url": "https://github.com/a" }""")]
    [InlineData("""{ "id": 1, "closed_at": "2019-05-15T15:20:33Z", "note": "abc" }""")]
    [InlineData("""{ "id": 1, "closed_at": "2019-05-15T15:20:33.123+02:00" }""")]
    [InlineData("""{ "id": 1, "user": { "login": "a" }, "users": [{ "login": "a" }], "counts": { "a": 1 }, "closed": { "a": 1 } }""")]
    [InlineData("""{ "id": 1, "either": "a", "any": 1, "all": { "login": "a", "id": 1 } }""")]
    public void What_fits_is_not_complained_about(string json) => Assert.Empty(Errors(json));

    [Theory]
    [InlineData("""{ }""", "$.id is missing")]
    [InlineData("""[]""", "$ is [], not of type object")]
    [InlineData("""null""", "$ is null, not of type object")]
    [InlineData("""{ "id": "1" }""", "$.id is \"1\", not of type integer")]
    [InlineData("""{ "id": 1.5 }""", "$.id is 1.5, not of type integer")]
    [InlineData("""{ "id": null }""", "$.id is null, not of type integer")]
    [InlineData("""{ "id": 1, "draft": "true" }""", "$.draft is \"true\", not of type boolean")]
    [InlineData("""{ "id": 1, "state": "ajar" }""", "$.state is \"ajar\", none of [\"open\",\"closed\"]")]
    [InlineData("""{ "id": 1, "closed_at": "yesterday" }""", "$.closed_at is \"yesterday\", no date-time")]
    [InlineData("""{ "id": 1, "closed_at": "2019-05-15T15:20:33" }""", "$.closed_at is \"2019-05-15T15:20:33\", no date-time")]
    [InlineData("""{ "id": 1, "url": "/a" }""", "$.url is \"/a\", no uri")]
    [InlineData("""{ "id": 1, "note": "abcd" }""", "$.note is too long")]
    [InlineData("""{ "id": 1, "user": { } }""", "$.user.login is missing")]
    [InlineData("""{ "id": 1, "users": [{ "login": "a" }, { "login": 1 }] }""", "$.users[1].login is 1, not of type string")]
    [InlineData("""{ "id": 1, "users": [{ "login": "a" }, { "login": "b" }, { "login": "c" }] }""", "$.users has too many items")]
    [InlineData("""{ "id": 1, "counts": { "a": "b" } }""", "$.counts.a is \"b\", not of type integer")]
    [InlineData("""{ "id": 1, "closed": { "b": 1 } }""", "$.closed.b is not described")]
    [InlineData("""{ "id": 1, "either": true }""", "$.either fits 0 of oneOf")]
    [InlineData("""{ "id": 1, "either": 1 }""", "$.either fits 2 of oneOf")]
    [InlineData("""{ "id": 1, "any": true }""", "$.any fits none of anyOf")]
    [InlineData("""{ "id": 1, "all": { "login": "a" } }""", "$.all.id is missing")]
    public void What_does_not_fit_is_named_with_its_place(string json, string error) => Assert.Equal([error], Errors(json));

    [Theory]
    [InlineData("""{ "pattern": "a" }""")]
    [InlineData("""{ "type": "date" }""")]
    [InlineData("""{ "format": "ipv6" }""")]
    public void What_the_checker_does_not_know_it_does_not_let_pass(string schema) =>
        Assert.Throws<NotSupportedException>(() => new JsonSchema([]).Errors(JsonNode.Parse(schema)!.AsObject(), "text"));

    private static IReadOnlyList<string> Errors(string json) =>
        new JsonSchema(Document).Errors(Document["components"]!["schemas"]!["build"]!.AsObject(), JsonNode.Parse(json));
}
