using System.Net;
using System.Net.Sockets;

namespace Nitro.Cli.Demo;

/// <summary>Ports on 127.0.0.1 that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>So many different ones. All are held until the last is found, so that none comes twice.</summary>
    public static int[] Take(int count)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
            {
                listener.Dispose();
            }
        }
    }
}
