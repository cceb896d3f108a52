using System.CommandLine;
using System.Text.Json;
using Nitro.JsonRpc;
using Nitro.Ports;
using Nitro.Signing.Calls;
using Nitro.Storage;

namespace Nitro.Cli.Rpc;

/// <summary>The options that every <c>nitro rpc</c> method shares, and the one way in which each is carried out.</summary>
internal sealed class RpcConnection
{
    private readonly Option<string> _endpoint = new("--endpoint", "-e")
    {
        Description = "Where the node listens: host:port, or a URL where it serves TLS (https://host:port)",
        HelpName = "host:port",
        DefaultValueFactory = _ => "127.0.0.1:4005",
        Recursive = true,
    };

    private readonly Option<string?> _tenant = new("--tenant", "-t")
    {
        Description = "The tenant's name, where several share one endpoint",
        HelpName = "name",
        Recursive = true,
    };

    private readonly Option<string?> _requestId = new("--request-id")
    {
        Description = "16-64 characters that make repeating the call safe: the same id is carried out once and answered alike",
        HelpName = "id",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the node's JSON as it came", Recursive = true };

    private readonly Option<FileInfo?> _secret = new("--secret-file")
    {
        Description = "The node's token key file; needed from another machine only",
        HelpName = "file",
        Recursive = true,
    };

    private readonly Option<FileInfo?> _trust = new("--trust")
    {
        Description = "PEM file of the node's certificate, or of its authority, to trust besides the system's",
        HelpName = "file",
        Recursive = true,
    };

    private readonly Option<FileInfo?> _signWith = new("--sign-with")
    {
        Description = "Key file of a device that the node knows (nitro device): the call is signed with it",
        HelpName = "file",
        Recursive = true,
    };

    /// <summary>Puts the options on the command that holds the methods.</summary>
    public void AddTo(Command rpc)
    {
        rpc.Options.Add(_endpoint);
        rpc.Options.Add(_tenant);
        rpc.Options.Add(_requestId);
        rpc.Options.Add(_json);
        rpc.Options.Add(_secret);
        rpc.Options.Add(_trust);
        rpc.Options.Add(_signWith);
    }

    /// <summary>Makes the command call <paramref name="method"/> with the payload's fields that <paramref name="write"/> writes.</summary>
    public Command Calling(Command command, string method, Action<ParseResult, Utf8JsonWriter>? write = null) =>
        Calling(command, method, (parse, _, _) => Task.FromResult(Payload.Of(json => write?.Invoke(parse, json))));

    /// <summary>The same for a payload that needs to ask the node something first.</summary>
    public Command Calling(Command command, string method, Func<ParseResult, RpcClient, CancellationToken, Task<ReadOnlyMemory<byte>>> payload)
    {
        command.SetAction((parse, cancellationToken) => RunAsync(parse, method, payload, cancellationToken));
        return command;
    }

    /// <summary>A command on one channel, whose id goes into the payload as <paramref name="field"/>.</summary>
    public Command OnChannel(string name, string method, string field, string description)
    {
        var channel = Inputs.Channel("channel", "The channel's id");
        return Calling(new Command(name, description) { channel }, method, (parse, json) => json.WriteString(field, parse.GetRequiredValue(channel)));
    }

    private async Task<int> RunAsync(
        ParseResult parse, string method, Func<ParseResult, RpcClient, CancellationToken, Task<ReadOnlyMemory<byte>>> payload, CancellationToken cancellationToken)
    {
        var errors = parse.InvocationConfiguration.Error;
        try
        {
            using var device = DeviceOf(parse);
            using var plain = await OpenAsync(parse, null, cancellationToken);
            using var client = device is null ? plain : await SigningAsync(parse, plain, device, cancellationToken);
            var body = await payload(parse, client, cancellationToken);
            var result = await client.CallAsync(method, body, parse.GetValue(_requestId), cancellationToken);
            await ResultText.WriteAsync(parse.InvocationConfiguration.Output, result, parse.GetValue(_json));
            return 0;
        }
        catch (RpcError refusal)
        {
            await errors.WriteLineAsync($"nitro: {method}: {refusal.Message} (code {refusal.Code})");
            await errors.WriteLineAsync($"next: {refusal.Next ?? $"compare what you gave with 'nitro rpc {parse.CommandResult.Command.Name} --help'"}");
            return 1;
        }
        catch (Exception problem) when (problem is RpcUnreachable or CliError or StorageException)
        {
            await errors.WriteLineAsync($"nitro: {problem.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("nitro: interrupted; whether the node carried the call out is not known.");
            return 1;
        }
    }

    private DeviceKey? DeviceOf(ParseResult parse)
    {
        var file = parse.GetValue(_signWith);
        return file is null ? null
            : file.Exists ? DeviceKey.LoadOrCreate(file.FullName)
            : throw new CliError($"There is no device key {file.FullName}. Make one with 'nitro device new', and enrol it at the node.");
    }

    /// <summary>A signature is for one node: it is asked who it is.</summary>
    private async Task<RpcClient> SigningAsync(ParseResult parse, RpcClient plain, DeviceKey device, CancellationToken cancellationToken)
    {
        var node = Convert.FromHexString((await RpcCommand.AddressAsync(plain, cancellationToken)).AsSpan(2));
        return await OpenAsync(parse, (method, payload) => device.Sign(node, method, payload.Span, DateTimeOffset.UtcNow), cancellationToken);
    }

    private async Task<RpcClient> OpenAsync(
        ParseResult parse, Func<string, ReadOnlyMemory<byte>, CallSignature>? sign, CancellationToken cancellationToken)
    {
        var secret = parse.GetValue(_secret);
        try
        {
            var options = new RpcClientOptions
            {
                Secret = secret is null ? null : await File.ReadAllTextAsync(secret.FullName, cancellationToken),
                TrustedCertificateFile = parse.GetValue(_trust)?.FullName,
                Sign = sign,
            };
            return new RpcClient(Endpoint.Api(parse.GetRequiredValue(_endpoint), parse.GetValue(_tenant)), options);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new CliError($"The file {secret?.FullName} cannot be read: {problem.Message} Give the node's token key file.", problem);
        }
    }
}
