using Azure;
using Azure.Data.Tables;
using Ci.Pipeline.Builds.Storage;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Builds;

/// <summary>Writes that come at once go to storage together, and each is still all or nothing.</summary>
public sealed class TableWriterTests(Azurite azurite) : IAsyncLifetime
{
    private TableClient _table = null!;

    public async ValueTask InitializeAsync()
    {
        await azurite.StartAsync();
        _table = new TableClient(azurite.NewAccount(), "together");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task All_of_many_writes_at_once_are_there_afterwards_in_a_table_that_was_not()
    {
        var writer = new TableWriter(_table);

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => writer.WriteAsync([Add($"a{i}"), Add($"b{i}")], TestContext.Current.CancellationToken)));

        Assert.Equal(600, await CountAsync());
    }

    [Fact]
    public async Task One_that_storage_refuses_takes_no_other_along()
    {
        var writer = new TableWriter(_table);
        await writer.WriteAsync([Add("taken")], TestContext.Current.CancellationToken);

        var refused = Enumerable.Range(0, 10).Select(i => writer.WriteAsync([Add($"with{i}"), Add("taken")], TestContext.Current.CancellationToken)).ToList();
        var good = Enumerable.Range(0, 40).Select(i => writer.WriteAsync([Add($"good{i}")], TestContext.Current.CancellationToken)).ToList();

        await Task.WhenAll(good);
        foreach (var write in refused)
        {
            Assert.Equal(409, (await Assert.ThrowsAnyAsync<RequestFailedException>(() => write)).Status);
        }

        Assert.Equal(41, await CountAsync());
    }

    [Fact]
    public async Task Two_changes_of_one_row_go_one_behind_the_other()
    {
        var writer = new TableWriter(_table);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => writer.WriteAsync(
            [new TableTransactionAction(TableTransactionActionType.UpsertReplace, new TableEntity("p", "same") { ["I"] = i })], TestContext.Current.CancellationToken)));

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task More_than_fits_into_one_transaction_goes_in_several()
    {
        var writer = new TableWriter(_table);
        var text = new string('x', 30_000);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => writer.WriteAsync([Add($"large{i}", text)], TestContext.Current.CancellationToken)));

        Assert.Equal(200, await CountAsync());
    }

    [Fact]
    public async Task Who_gives_up_is_let_go_and_the_others_are_written()
    {
        var writer = new TableWriter(_table);
        using var impatient = new CancellationTokenSource();

        var others = Enumerable.Range(0, 20).Select(i => writer.WriteAsync([Add($"patient{i}")], TestContext.Current.CancellationToken)).ToList();
        var givenUp = writer.WriteAsync([Add("impatient")], impatient.Token);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        await Task.WhenAll(others);
        Assert.InRange(await CountAsync(), 20, 21);
    }

    private static TableTransactionAction Add(string key, string text = "") =>
        new(TableTransactionActionType.Add, new TableEntity("p", key) { ["Text"] = text });

    private async Task<int> CountAsync()
    {
        var count = 0;
        await foreach (var row in _table.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
        {
            count += row.RowKey.Length > 0 ? 1 : 0;
        }

        return count;
    }
}
