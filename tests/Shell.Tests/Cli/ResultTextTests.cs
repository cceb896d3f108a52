using System.Text.Json;
using Nitro.Cli.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.Cli;

public sealed class ResultTextTests
{
    [Fact]
    public void A_channel_is_a_list_of_fields_with_decimal_amounts()
    {
        var lines = Lines("""{"ID":"0x01","Status":"Open","Balance":{"AssetAddress":"0x00","MyBalance":"0xde0b6b3a7640000","TheirBalance":"0x0"}}""");
        Assert.Equal(["ID            0x01", "Status        Open", "AssetAddress  0x00", "MyBalance     1000000000000000000", "TheirBalance  0"], lines);
    }

    [Fact]
    public void A_list_is_a_table() =>
        Assert.Equal(
            ["Id   Status     Peers", "a    Completed  0x1, 0x2", "bcd  Rejected   -"],
            Lines("""[{"Id":"a","Status":"Completed","Peers":["0x1","0x2"]},{"Id":"bcd","Status":"Rejected","Peers":null}]"""));

    [Theory]
    [InlineData("[]", "none")]
    [InlineData("\"DirectDefunding-0x00\"", "DirectDefunding-0x00")]
    [InlineData("true", "true")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData("{}", "nothing")]
    public void Other_results_are_one_line(string json, string expected) => Assert.Equal([expected], Lines(json));

    [Fact]
    public void Since_is_a_date() => Assert.Equal(["Since  2026-11-21T23:48:52Z"], Lines("""{"Since":1795304932}"""));

    [Fact]
    public void A_peers_text_cannot_drive_the_terminal() =>
        Assert.Equal(["Reason   [2Jno"], Lines("{\"Reason\":\"\\u001b[2Jno\"}"));

    private static IEnumerable<string> Lines(string json) => ResultText.Lines(JsonSerializer.Deserialize<JsonElement>(json)).ToArray();
}
