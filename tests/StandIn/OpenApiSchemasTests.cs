using System.Text.Json.Nodes;

namespace Ci.Tests.StandIn;

/// <summary>The checker can say no, and says where.</summary>
public sealed class OpenApiSchemasTests
{
    private static readonly JsonObject Document = JsonNode.Parse("""
        {
          "components": { "schemas": {
            "user": { "type": "object", "properties": { "login": { "type": "string" } }, "required": ["login"] },
            "nullable-user": { "type": "object", "nullable": true, "required": ["login"] },
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
                "owner": { "$ref": "#/components/schemas/nullable-user" },
                "account": { "nullable": true, "anyOf": [{ "$ref": "#/components/schemas/user" }] },
                "kind": { "type": "string", "nullable": true, "enum": ["a", "b"] },
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
    [InlineData("""{ "id": 1, "owner": null, "account": null, "kind": null }""")]
    [InlineData("""{ "id": 1, "owner": { "login": "a" }, "account": { "login": "a" }, "kind": "b" }""")]
    [InlineData("""{ "id": 1, "either": "a", "any": 1, "all": { "login": "a", "id": 1 } }""")]
    public void What_fits_is_not_complained_about(string json) => Assert.Empty(Errors(json));

    [Theory]
    [InlineData("""{ }""", """$: Required properties ["id"] are not present""")]
    [InlineData("""[]""", "$: Value is \"array\" but should be \"object\"")]
    [InlineData("""null""", "$: Value is \"null\" but should be \"object\"")]
    [InlineData("""{ "id": "1" }""", "$/id: Value is \"string\" but should be \"integer\"")]
    [InlineData("""{ "id": 1.5 }""", "$/id: Value is \"number\" but should be \"integer\"")]
    [InlineData("""{ "id": null }""", "$/id: Value is \"null\" but should be \"integer\"")]
    [InlineData("""{ "id": 1, "draft": "true" }""", "$/draft: Value is \"string\" but should be \"boolean\"")]
    [InlineData("""{ "id": 1, "state": "ajar" }""", """$/state: Value should match one of the values specified by the enum""")]
    [InlineData("""{ "id": 1, "closed_at": "yesterday" }""", "$/closed_at: Value does not match format \"date-time\"")]
    [InlineData("""{ "id": 1, "closed_at": "2019-05-15T15:20:33" }""", "$/closed_at: Value does not match format \"date-time\"")]
    [InlineData("""{ "id": 1, "url": "/a" }""", "$/url: Value does not match format \"uri\"")]
    [InlineData("""{ "id": 1, "url": "https://github.com/a{/b}" }""", "$/url: Value does not match format \"uri\"")]
    [InlineData("""{ "id": 1, "note": "abcd" }""", """$/note: Value should be at most 3 characters""")]
    [InlineData("""{ "id": 1, "kind": "c" }""", """$/kind: Value should match one of the values specified by the enum""")]
    [InlineData("""{ "id": 1, "user": { } }""", """$/user: Required properties ["login"] are not present""")]
    [InlineData("""{ "id": 1, "user": null }""", "$/user: Value is \"null\" but should be \"object\"")]
    [InlineData("""{ "id": 1, "owner": { } }""", """$/owner: Required properties ["login"] are not present""")]
    [InlineData(
        """{ "id": 1, "users": [{ "login": "a" }, { "login": 1 }] }""", "$/users/1/login: Value is \"integer\" but should be \"string\"")]
    [InlineData("""{ "id": 1, "users": [{ "login": "a" }, { "login": "b" }, { "login": "c" }] }""", """$/users: Value should have at most 2 items""")]
    [InlineData("""{ "id": 1, "counts": { "a": "b" } }""", "$/counts/a: Value is \"string\" but should be \"integer\"")]
    [InlineData("""{ "id": 1, "closed": { "b": 1 } }""", """$/closed/b: All values fail against the false schema""")]
    [InlineData("""{ "id": 1, "either": 1 }""", "$/either: Value is \"integer\" but should be \"string\"")]
    [InlineData("""{ "id": 1, "all": { "login": "a" } }""", """$/all: Required properties ["id"] are not present""")]
    public void What_does_not_fit_is_named_with_its_place(string json, string error) => Assert.Equal([error], Errors(json));

    [Theory]
    [InlineData("""{ "id": 1, "either": true }""", "$/either: ", 3)]
    [InlineData("""{ "id": 1, "any": true }""", "$/any: ", 2)]
    [InlineData("""{ "id": 1, "account": { } }""", "$/account: ", 2)]
    public void Where_none_of_several_fits_each_says_why(string json, string place, int count)
    {
        var errors = Errors(json);

        Assert.Equal(count, errors.Count);
        Assert.All(errors, error => Assert.StartsWith(place, error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "patern": "a" }""")]
    [InlineData("""{ "type": "date" }""")]
    [InlineData("""{ "format": "ipv6" }""")]
    [InlineData("""{ "properties": { "a": { "patern": "a" } } }""")]
    [InlineData("""{ "$ref": "#/components/schemas/nobody" }""")]
    public void What_the_checker_does_not_know_it_does_not_let_pass(string schema) =>
        Assert.ThrowsAny<Exception>(() => new OpenApiSchemas([]).Errors(JsonNode.Parse(schema)!.AsObject(), "text"));

    private static IReadOnlyList<string> Errors(string json) =>
        new OpenApiSchemas(Document).Errors(Document["components"]!["schemas"]!["build"]!.AsObject(), JsonNode.Parse(json));
}
