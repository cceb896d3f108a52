using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nitro.Host;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.JsonRpc;

namespace Nitro.Cli.Node;

/// <summary>Runs the node's host in this process.</summary>
internal static class NodeRun
{
    private const int TokenKeyBytes = 32;

    /// <summary>Returns the exit code when the node has ended: 0 after Ctrl-C, SIGTERM or the end of the input.</summary>
    public static async Task<int> RunAsync(string? configFile, IReadOnlyList<string> flags, NodeStreams streams, CancellationToken cancellationToken)
    {
        try
        {
            var options = NodeConfiguration.Load(configFile, flags);
            using var host = Build(options);
            await host.StartAsync(cancellationToken);
            Attach(host.Services, streams);
            await host.WaitForShutdownAsync(cancellationToken);

            // The node sets it when no tenant is left at work.
            return Environment.ExitCode;
        }
        catch (Exception problem) when (problem is NodeOptionsException or TenantStoppedException or RpcSetupException or CliError)
        {
            await Console.Error.WriteLineAsync($"nitro: {problem.Message}");
            if (configFile is null && problem is NodeOptionsException)
            {
                await Console.Error.WriteLineAsync(
                    $"nitro: no configuration file was read: make {NodeCommand.UsualFile} here, or name one with --config (docs/operations.md shows one).");
            }

            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end while it was still starting.
            return 0;
        }
    }

    private static IHost Build(NodeOptions options)
    {
        // No appsettings.json and no ASPNETCORE_ variables: a node has one configuration.
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "nitro" });
        builder.Logging.AddNitroLog(options.Log);

        // The host logs a failed start with its stack, and throws it too: the operator is told once, by RunAsync, in words meant for him.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddNitroNode(options);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        return builder.Build();
    }

    /// <summary>A read of standard input cannot be called off, so the application's end waits for none of this.</summary>
    private static void Attach(IServiceProvider services, NodeStreams streams)
    {
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        if (streams.Serve)
        {
            var loggers = services.GetRequiredService<ILoggerFactory>();
            var tenant = Choose(services.GetRequiredService<NodeService>().Ports, streams.Tenant);
            var session = new RpcTenant(tenant.Name, tenant.Api, Tokens.FromKey(RandomNumberGenerator.GetBytes(TokenKeyBytes)));
            var server = new StdioServer(session, new RpcOptions(), loggers);
            var output = Console.OpenStandardOutput();

            // Nothing but frames may reach the client.
            Console.SetOut(Console.Error);
            _ = ServeAsync(server, output, loggers.CreateLogger("Nitro.Stdio"), lifetime);
        }
        else if (streams.EndWithInput)
        {
            new Thread(() => Drain(lifetime)) { IsBackground = true, Name = "standard input" }.Start();
        }
    }

    private static async Task ServeAsync(StdioServer server, Stream output, ILogger logger, IHostApplicationLifetime lifetime)
    {
        try
        {
            var end = await server.RunAsync(Console.OpenStandardInput(), output, lifetime.ApplicationStopping);
            logger.LogInformation("The session on standard input is over: {End}", end);
        }
        catch (Exception problem)
        {
            logger.LogError(problem, "The session on standard input broke off");
        }

        lifetime.StopApplication();
    }

    /// <summary>On a thread of its own, since it blocks one for as long as the node runs.</summary>
    private static void Drain(IHostApplicationLifetime lifetime)
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
            // What is said here means nothing; only the end does.
        }

        lifetime.StopApplication();
    }

    private static TenantPort Choose(IReadOnlyList<TenantPort> tenants, string? name) => tenants.Where(tenant => name is null || tenant.Name == name).ToArray() switch
    {
        [var only] => only,
        [] => throw new CliError($"There is no tenant '{name}': the configuration has {Names(tenants)}. Give one of them with --tenant."),
        _ => throw new CliError($"--stdio serves one tenant, and the configuration has {Names(tenants)}. Choose one with --tenant."),
    };

    private static string Names(IEnumerable<TenantPort> tenants) => string.Join(", ", tenants.Select(tenant => tenant.Name));
}
