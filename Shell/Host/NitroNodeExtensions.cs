using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nitro.Host.Link;
using Nitro.Host.Options;

namespace Nitro.Host;

/// <summary>Adds a node to an application.</summary>
public static class NitroNodeExtensions
{
    /// <summary>
    /// Runs all configured tenants while the application runs; <see cref="NodeService"/> tells about them. Register an
    /// <see cref="IPeerLinkFactory"/> before this for another way to peers than TCP and the process itself.
    /// </summary>
    public static IServiceCollection AddNitroNode(this IServiceCollection services, Action<NodeOptions> configure)
    {
        var options = new NodeOptions();
        configure(options);
        return services.AddNitroNode(options);
    }

    /// <summary>The same, over settings from <see cref="NodeConfiguration"/>.</summary>
    public static IServiceCollection AddNitroNode(this IServiceCollection services, NodeOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<InProcessNetwork>();
        services.TryAddSingleton<IPeerLinkFactory, NetworkLinkFactory>();
        services.AddSingleton<NodeService>();
        services.AddHostedService(provider => provider.GetRequiredService<NodeService>());
        return services;
    }
}
