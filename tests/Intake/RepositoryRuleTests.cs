using Ci.Pipeline.Intake;

namespace Ci.Tests.Intake;

public sealed class RepositoryRuleTests
{
    [Theory]
    [InlineData("*", "anyone/anything", true)]
    [InlineData("owner/one", "owner/one", true)]
    [InlineData("owner/one", "Owner/One", true)]
    [InlineData("owner/one", "owner/one-more", false)]
    [InlineData("owner/*", "owner/any", true)]
    [InlineData("owner/*", "owner-of-another/any", false)]
    [InlineData("a/b, owner/*", "owner/any", true)]
    [InlineData("a/b, owner/*", "a/c", false)]
    public void A_repository_is_built_when_the_setting_names_it(string setting, string repository, bool allowed) =>
        Assert.Equal(allowed, new WebhookOptions { Repositories = setting }.Allows(repository));

    [Theory]
    [InlineData("")]
    [InlineData("owner")]
    [InlineData("owner/one;owner/two")]
    [InlineData("*/one")]
    public void A_setting_that_means_nothing_is_refused(string setting)
    {
        var result = new WebhookOptionsValidator().Validate(null, new WebhookOptions { WebhookSecret = "long enough", Repositories = setting });

        Assert.Contains("GitHub__Repositories", result.FailureMessage, StringComparison.Ordinal);
    }
}
