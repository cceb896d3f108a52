using System.Globalization;
using Nitro.FakeEventStore;

// For trying by hand and for measurements: prints its connection string, and serves until its input ends. What it holds ends with it.
if (args.Length > 1 || !int.TryParse(args.FirstOrDefault() ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var port))
{
    await Console.Error.WriteLineAsync("usage: Nitro.FakeEventStore [PORT]");
    return 64;
}

await using var cluster = await FakeCluster.StartAsync(port: port);
await Console.Out.WriteLineAsync(port > 0 ? cluster.ConnectionString : cluster.DirectConnectionString);
await Console.In.ReadToEndAsync();
return 0;
