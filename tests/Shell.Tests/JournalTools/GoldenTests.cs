using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>What the tools say of one small journal, word for word; the file stands for those that were ever exported.</summary>
public sealed class GoldenTests
{
    private const string AcceptVariable = "ACCEPT_JOURNAL_GOLDEN";
    private const string Channel = "CHANNEL";

    private static string Folder => Path.Combine(Ethereum.Repository.Root, "tests", "Shell.Tests", "JournalTools", "golden");

    [Theory]
    [InlineData("verify", "verify")]
    [InlineData("tail", "tail", "--from", "0")]
    [InlineData("tail-json", "tail", "--from", "36", "--json")]
    [InlineData("at", "at")]
    [InlineData("at-20", "at", "20")]
    [InlineData("at-json", "at", "--json")]
    [InlineData("why", "why", Channel)]
    public async Task TheGoldenJournalIsToldAsEver(string name, params string[] arguments)
    {
        var channel = (await File.ReadAllTextAsync(Path.Combine(Folder, "channel.txt"))).Trim();
        var told = await Tool.DoneAsync([.. arguments.Select(argument => argument == Channel ? channel : argument), "-j", Path.Combine(Folder, "journal.jsonl")]);
        var golden = Path.Combine(Folder, name + ".txt");
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
        {
            await File.WriteAllTextAsync(golden, told);
        }

        Assert.True(await File.ReadAllTextAsync(golden) == told, $"'{name}' says something else; if that is meant, accept it with {AcceptVariable}=1.\n{told}");
    }
}
