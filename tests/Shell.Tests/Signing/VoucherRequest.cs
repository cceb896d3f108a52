using System.Globalization;
using System.Text;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Requests for vouchers, the smallest thing that a signer is asked.</summary>
internal static class VoucherRequest
{
    /// <summary>A voucher of this total on the channel with this number.</summary>
    public static byte[] Of(int channel, int total) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"kind":"voucher","channel":"0x{{channel:x64}}","total":{{total}}}"""));
}
