using System.CommandLine;
using Nitro.Cli;
using Nitro.Ports;
using Nitro.Shell.Tests.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.Cli;

public sealed class RpcCommandTests
{
    private const string Me = "0xAAA6628Ec44A8a742987EF3A114dDFE2D4F7aDCE";
    private const string Peer = "0xBBB676f9cFF8D242e9eaC39D063848807d3D1D94";
    private const string Channel = "0x0102030405060708091011121314151617181920212223242526272829303132";

    [Fact]
    public async Task Paying_sends_an_exact_number_and_the_request_id()
    {
        await using var fixture = await RpcFixture.StartAsync();
        var (code, output, _) = await RunAsync(fixture, "pay", Channel, "123456789012345678901234567890", "--request-id", "0123456789abcdef");
        Assert.Equal(0, code);
        Assert.Equal("ok  true", output.Trim());
        var call = Assert.Single(fixture.Node.Calls);
        Assert.Equal(("pay", $$"""{"Amount":123456789012345678901234567890,"Channel":"{{Channel}}"}""", "0123456789abcdef"), (call.Method, call.Payload, call.RequestId));
    }

    [Fact]
    public async Task Opening_a_ledger_asks_for_our_address_and_allocates_to_both()
    {
        await using var fixture = await RpcFixture.StartAsync();
        fixture.Node.Answer = (call, _) => ValueTask.FromResult(
            new NodeAnswer(call.Method == "get_address" ? System.Text.Encoding.UTF8.GetBytes($"\"{Me}\"") : """{"Id":"DirectFunding-0x00","ChannelId":"0x00"}"""u8.ToArray(), null));
        var (code, _, _) = await RunAsync(fixture, "create-ledger-channel", Peer, "--amount", "1gwei", "--their-amount", "5");
        Assert.Equal(0, code);
        var call = fixture.Node.Calls.Last();
        Assert.Equal("create_ledger_channel", call.Method);
        const string Expected =
            """
            {"CounterParty":"0xBBB676f9cFF8D242e9eaC39D063848807d3D1D94","ChallengeDuration":0,"Outcome":[{
            "Asset":"0x0000000000000000000000000000000000000000","AssetMetadata":{"AssetType":0,"Metadata":null},"Allocations":[
            {"Destination":"0x000000000000000000000000aaa6628ec44a8a742987ef3a114ddfe2d4f7adce","Amount":1000000000,"AllocationType":0,"Metadata":null},
            {"Destination":"0x000000000000000000000000bbb676f9cff8d242e9eac39d063848807d3d1d94","Amount":5,"AllocationType":0,"Metadata":null}]}]}
            """;
        Assert.Equal(Expected.ReplaceLineEndings(string.Empty), call.Payload);
    }

    [Fact]
    public async Task Json_comes_as_the_node_sent_it()
    {
        await using var fixture = await RpcFixture.StartAsync();
        fixture.Node.Answer = (_, _) => ValueTask.FromResult(new NodeAnswer("""{"Balance":{"MyBalance":"0xff"}}"""u8.ToArray(), null));
        var (_, output, _) = await RunAsync(fixture, "get-ledger-channel", Channel, "--json");
        Assert.Equal("""{"Balance":{"MyBalance":"0xff"}}""", output.Trim());
    }

    [Fact]
    public async Task A_refusal_names_cause_and_next_step()
    {
        await using var fixture = await RpcFixture.StartAsync();
        fixture.Node.Answer = (_, _) => ValueTask.FromResult(new NodeAnswer(default, new NodeProblem(-32603, "unable to pay amount: insufficient funds", "funds", "pay less")));
        var (code, output, errors) = await RunAsync(fixture, "pay", Channel, "1");
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("unable to pay amount: insufficient funds", errors, StringComparison.Ordinal);
        Assert.Contains("next: pay less", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pay", "0x12", "1")]
    [InlineData("pay", Channel, "-1")]
    [InlineData("pay", Channel, "1.5")]
    [InlineData("create-ledger-channel", "0x12", "--amount", "1")]
    [InlineData("create-ledger-channel", Peer)]
    [InlineData("no-such-method")]
    public async Task Bad_input_is_refused_before_anything_is_sent(params string[] line)
    {
        await using var fixture = await RpcFixture.StartAsync();
        var (code, _, errors) = await RunAsync(fixture, line);
        Assert.Equal(1, code);
        Assert.NotEmpty(errors);
        Assert.Empty(fixture.Node.Calls);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_an_error_with_a_next_step()
    {
        var fixture = await RpcFixture.StartAsync();
        await fixture.DisposeAsync();
        var (code, _, errors) = await RunAsync(fixture, "get-address");
        Assert.Equal(1, code);
        Assert.Contains("Check that the node runs", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("create_ledger_channel")]
    [InlineData("close_ledger_channel")]
    [InlineData("create_payment_channel")]
    [InlineData("close_payment_channel")]
    [InlineData("pay")]
    [InlineData("create_voucher")]
    [InlineData("receive_voucher")]
    [InlineData("get_auth_token")]
    [InlineData("get_address")]
    [InlineData("version")]
    [InlineData("get_payment_channel")]
    [InlineData("get_ledger_channel")]
    [InlineData("get_all_ledger_channels")]
    [InlineData("get_payment_channels_by_ledger")]
    [InlineData("get_objective")]
    [InlineData("get_objectives")]
    [InlineData("approve_objective")]
    [InlineData("reject_objective")]
    [InlineData("get_payment")]
    [InlineData("get_node_statistics")]
    public void Every_method_has_a_subcommand(string method)
    {
        var rpc = CommandLine.Create().Subcommands.Single(command => command.Name == "rpc");
        Assert.Contains(rpc.Subcommands, command => command.Name == method.Replace('_', '-') && command.Description?.Length > 0);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(RpcFixture fixture, params string[] line)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = errors };
        string[] all = ["rpc", .. line, "--endpoint", fixture.Server.Addresses[0].Api.Authority];
        var code = await CommandLine.Create().Parse(all).InvokeAsync(configuration, CancellationToken.None);
        return (code, output.ToString(), errors.ToString());
    }
}
