namespace Nitro.Cli.Rpc;

/// <summary>From what an operator types to the address of a node's API.</summary>
internal static class Endpoint
{
    /// <summary><c>http(s)://host:port/api/v1</c>, or <c>…/t/name/api/v1</c> for a tenant on a shared endpoint.</summary>
    /// <exception cref="CliError">It is no address.</exception>
    public static Uri Api(string endpoint, string? tenant)
    {
        var text = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : "http://" + endpoint;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new CliError($"'{endpoint}' is no endpoint: give host:port, such as 127.0.0.1:4005, or https://host:port.");
        }

        // A full address, as a node's log shows it, is taken as it is.
        var path = address.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/api/v1", StringComparison.Ordinal))
        {
            return new UriBuilder(address) { Path = path }.Uri;
        }

        var prefix = tenant is null ? path : $"{path}/t/{Uri.EscapeDataString(tenant)}";
        return new UriBuilder(address) { Path = prefix + "/api/v1" }.Uri;
    }
}
